"""Push deliveries in, rows out: exactly once in the tables out of at least once on the bus."""
