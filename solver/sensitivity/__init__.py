"""What drives the leak: sensitivity of the outcomes of a sweep to its inputs, with failed samples seen."""
