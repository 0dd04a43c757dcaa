"""The user's own code inside the API process (auth handlers, routes, middleware), on a thread of its own."""
