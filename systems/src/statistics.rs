//! General statistics that several phases use. Kernels without state of the market, each held
//! against golden values.

/// How a series resembles itself some steps before, and for how long.
pub mod autocorrelation;
/// Clusters in the plane and on a line.
pub mod kmeans;
/// Linear regression with a penalty.
pub mod ridge;
/// Mean, deviation and z-score of the last values.
pub mod rolling;
/// Quantiles and correlations of a sample.
pub mod sample;
