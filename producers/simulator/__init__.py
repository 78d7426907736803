"""A city that never was: synthetic events over some time, the same for the same seed. Values in, events out.

Every event says that it is synthetic, and so does its source. Rates, shares and delays are invented, at the scale that
a partnership of about 290,000 residents knows; none is a finding about any place.
"""
