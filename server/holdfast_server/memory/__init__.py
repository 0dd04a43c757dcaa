"""Long-term memory: LangGraph's store in PostgreSQL, for graphs and for the API alike."""
