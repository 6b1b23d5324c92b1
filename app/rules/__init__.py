"""Pure functions that decide. The clock is a parameter; each answer carries its reason in words."""
