#pragma once

#include <string>
#include <string_view>

#include "tests/bench/sink/fault_plan.h"
#include "tests/bench/sink/mailbox.h"

namespace lmsmail::sink {

// What the control port understands: one command a line, answered by one line of JSON.
//   stats        the counters
//   fault RULE   adds a rule of FaultPlan behind the others
//   faults off   forgets every rule
//   reset        sets the counters to zero and forgets the Message-IDs; the ledger stays
// Changes count for mail whose RCPT comes after the answer. An error is {"error":"..."}.
std::string Obey(std::string_view command, Mailbox& mailbox, FaultPlan& faults);

}  // namespace lmsmail::sink
