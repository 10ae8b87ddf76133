//! From the market to every reader: encode once, latest value wins, a slow reader delays nobody.
