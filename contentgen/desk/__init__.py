"""The administration as a desk: its first page, its navigation, and the parts that both are made of."""
