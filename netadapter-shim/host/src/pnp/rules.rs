//! Rules of plug and play.

crate::verifier::rules! {
    /// A driver agrees to be stopped for a rebalance; otherwise its device gets no interrupts on
    /// new processors.
    QUERY_STOP_FAILED = "Stopping a Device to Rebalance Resources";
}
