"""What a message on the bus holds, read and checked: the rows that its spans become, in whatever form a store takes."""
