"""The edge: receive OTLP, let only the contract's attributes pass, pseudonymise, publish, answer."""
