"""The outside world: certificates, SEFAZ, the consultation path and its thread. The only place that knows protocols."""
