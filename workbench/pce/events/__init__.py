"""Audit events of our own writing, in the shapes that PCEs send: a catalogue of shapes, and a generator."""
