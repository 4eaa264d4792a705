"""Says by its exit code whether two pictures show the same; a few pixels at the edges of letters may differ.

    alike.py REFERENCE.png PICTURE.png
"""
import sys
from PIL import Image, ImageChops

one, other = (Image.open(path).convert("L") for path in sys.argv[1:3])
if one.size != other.size: sys.exit(f"{one.size[0]}x{one.size[1]} was, {other.size[0]}x{other.size[1]} is")
# Four by four pixels become one: how an edge is smoothed does not count, what is somewhere else does.
small = (one.width // 4, one.height // 4)
difference = ImageChops.difference(one.resize(small, Image.BOX), other.resize(small, Image.BOX))
changed = sum(count for value, count in enumerate(difference.histogram()) if value > 32)
share = changed / (small[0] * small[1])
if share > 0.002: sys.exit(f"{share:.2%} of it differs")
