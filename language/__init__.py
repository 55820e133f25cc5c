"""What the local transformers read in free text; importing this package loads none of them."""
