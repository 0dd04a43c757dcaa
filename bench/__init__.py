"""What README claims about speed, as commands that print ratios against a baseline of the same run."""
