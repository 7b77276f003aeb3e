"""The pages: each puts its questions, and makes a view model of the answers."""
