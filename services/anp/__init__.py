"""The agency of petroleum (ANP): what it says of one fuel reseller, on line and in the lists that it publishes."""
