//! The program alphatrader.
