"""What a record says of rival hypotheses: inference by nested sampling over the batch engine."""
