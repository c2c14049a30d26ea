#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/status/status_macros.h"
#include "libs/testing/temporary_folder.h"
#include "tests/chaos/experiment.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/report.h"
#include "tests/tool/tool_main.h"

// lmsmail-chaos: injects faults into the services while mail flows, and accounts for every mail;
// see README.md.
namespace lmsmail::chaos {
namespace {

struct Options {
  bool list = false;
  bool long_run = false;
  std::vector<std::string> only;
  std::string json;
  std::string logs;

  void Declare(config::Schema& schema) {
    schema.Bool("list", &list, "Print the faults and exit.");
    schema.Bool("long", &long_run, "Apply each fault for about a minute instead of some seconds.");
    schema.StringList("only", &only, "Apply only these faults.");
    schema.String("json", &json, "File for the results.");
    schema.String("logs", &logs, "Folder that keeps logs, journals and ledgers.");
  }
};

absl::StatusOr<std::vector<Fault>> Chosen(const Options& options) {
  if (options.only.empty()) return std::vector<Fault>(Faults().begin(), Faults().end());
  std::vector<Fault> chosen;
  for (const std::string& name : options.only) {
    const Fault* const fault = FindFault(name);
    if (fault == nullptr) {
      return absl::InvalidArgumentError(fmt::format("\"{}\" is not a fault; see --list", name));
    }
    chosen.push_back(*fault);
  }
  return chosen;
}

absl::Status Run(const Options& options) {
  if (options.list) {
    for (const Fault& fault : Faults()) fmt::print("{:<26}{}\n", fault.name, fault.description);
    return absl::OkStatus();
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Fault> chosen, Chosen(options));
  const TemporaryFolder temporary;
  const std::filesystem::path folder =
      options.logs.empty() ? temporary.path() : std::filesystem::absolute(options.logs);
  std::vector<Result> results;
  for (const Fault& fault : chosen) {
    fmt::print(stderr, "{}: {} ...\n", fault.name, fault.description);
    const std::filesystem::path fault_folder = folder / fault.name;
    std::filesystem::remove_all(fault_folder);
    std::filesystem::create_directories(fault_folder);
    results.push_back(
        RunExperiment(fault, options.long_run ? Length::kLong : Length::kShort, fault_folder));
    fmt::print(stderr, "{}", Table({&results.back(), 1}));
  }
  fmt::print("{}", Table(results));
  if (!options.json.empty()) std::ofstream(options.json) << ToJson(results);
  const auto failed = std::ranges::count_if(results, [](const Result& r) { return !r.ok(); });
  if (failed == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("{} of {} experiments failed", failed, results.size()));
}

}  // namespace
}  // namespace lmsmail::chaos

int main(int argc, char** argv) {
  return lmsmail::ToolMain("chaos", argc, argv, lmsmail::chaos::Run);
}
