"""Decides what the rules leave open: the model, else the local classifier, else a person. Answers are commands."""
