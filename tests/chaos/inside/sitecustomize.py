"""Python runs this at the start of every process of the shop under attack: PYTHONPATH names its
folder, and the product knows nothing of it.
"""

from tests.chaos import implant

implant.bring_in()
