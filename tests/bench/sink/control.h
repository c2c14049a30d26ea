#pragma once

#include <string>
#include <string_view>

#include "tests/bench/sink/fault_plan.h"
#include "tests/bench/sink/statistics.h"

namespace lmsmail::sink {

// Executes one command of the control port and returns its response, one line of JSON:
//   stats        returns the counters
//   fault RULE   appends a rule to the FaultPlan
//   faults off   removes all rules
// A change applies to mail whose RCPT arrives after the response. Errors are {"error":"..."}.
std::string RunCommand(std::string_view command, Statistics& statistics, FaultPlan& faults);

}  // namespace lmsmail::sink
