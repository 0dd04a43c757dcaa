"""Masking: what is known to be secret leaves no process of the house readable."""
