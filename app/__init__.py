"""The rules and the data of Retaguarda: no Qt, no network."""
