"""The service that counters (balcões) call: JSON over HTTP on the integration port."""
