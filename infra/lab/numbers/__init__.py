"""Offline work on the recogniser of spoken numbers: answers spoken, learned and measured."""
