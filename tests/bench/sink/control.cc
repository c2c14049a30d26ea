#include "tests/bench/sink/control.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

#include "libs/strings/view.h"

namespace lmsmail::sink {
namespace {

std::string Error(std::string_view message) {
  return fmt::format(
      R"({{"error":"{}"}})",
      absl::StrReplaceAll(ToAbsl(message), {{"\\", "\\\\"}, {"\"", "\\\""}, {"\r", ""}}));
}

}  // namespace

std::string RunCommand(std::string_view command, Statistics& statistics, FaultPlan& faults) {
  constexpr std::string_view kOk = R"({"ok":true})";
  if (command == "stats") return ToJson(statistics.counters());
  if (command == "faults off") {
    faults.Clear();
    return std::string(kOk);
  }
  if (command.starts_with("fault ")) {
    const absl::Status status = faults.Add(command.substr(6));
    return status.ok() ? std::string(kOk) : Error(ToStd(status.message()));
  }
  return Error("unknown command; use stats, fault RULE or faults off");
}

}  // namespace lmsmail::sink
