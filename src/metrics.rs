//! What Prometheus scrapes: the only place that names metrics.
