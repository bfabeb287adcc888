"""Reading a copied page step by step: lines, furniture, bylines, blocks, parts; then who wrote what to whom."""
