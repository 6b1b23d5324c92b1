"""The test of the connection to PostgreSQL: the way of the program's own connection, one step at a time."""
