"""Credit analyses: one gerenciadora a file behind one Protocol, the queue that asks them, and what is asked for."""
