// The status as text for Prometheus' node_exporter (its textfile collector): metrics.prom in the store.
//
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
#pragma once

#include "reeve/model/status_snapshot.hpp"

#include <string>

namespace reeve {

std::string to_metrics(const StatusSnapshot& snapshot);

}  // namespace reeve
