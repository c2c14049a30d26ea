#include <fmt/format.h>
#include <unistd.h>

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

// lmsmail-chaos: disturbs the services in every way it knows while mail flows, and accounts for
// every mail; see README.md.
namespace lmsmail::chaos {
namespace {

struct Options {
  bool list = false;
  bool long_run = false;
  std::vector<std::string> only;
  std::string json;
  std::string logs;

  void Declare(config::Schema& schema) {
    schema.Bool("list", &list, "Prints the faults and ends.");
    schema.Bool("long", &long_run, "Each fault lasts about a minute instead of some seconds.");
    schema.StringList("only", &only, "Tries only these faults.");
    schema.String("json", &json, "File that the results are written to.");
    schema.String("logs", &logs, "Folder that logs, journals and ledgers stay in.");
  }
};

absl::StatusOr<std::vector<Fault>> Chosen(const Options& options) {
  if (options.only.empty()) return std::vector<Fault>(Faults().begin(), Faults().end());
  std::vector<Fault> chosen;
  for (const std::string& name : options.only) {
    const Fault* const fault = FindFault(name);
    if (fault == nullptr) {
      return absl::InvalidArgumentError(fmt::format("\"{}\" is no fault; see --list", name));
    }
    chosen.push_back(*fault);
  }
  return chosen;
}

// Whether all went well.
absl::StatusOr<bool> Run(int argc, char** argv) {
  Options options;
  config::Schema schema("chaos", "1");
  options.Declare(schema);
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
  if (!outcome.run) {
    std::fputs(outcome.output.c_str(), stdout);
    return true;
  }
  if (options.list) {
    for (const Fault& fault : Faults()) fmt::print("{:<26}{}\n", fault.name, fault.what);
    return true;
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Fault> chosen, Chosen(options));
  const TemporaryFolder temporary;
  const std::filesystem::path folder =
      options.logs.empty() ? temporary.path() : std::filesystem::absolute(options.logs);
  std::vector<Result> results;
  bool ok = true;
  for (const Fault& fault : chosen) {
    fmt::print(stderr, "{}: {} ...\n", fault.name, fault.what);
    const std::filesystem::path own = folder / fault.name;
    std::filesystem::remove_all(own);
    std::filesystem::create_directories(own);
    results.push_back(Try(fault, options.long_run ? Length::kLong : Length::kShort, own));
    ok = ok && results.back().ok();
    fmt::print(stderr, "{}", Table({&results.back(), 1}));
  }
  fmt::print("{}", Table(results));
  if (!options.json.empty()) std::ofstream(options.json) << ToJson(results);
  return ok;
}

}  // namespace
}  // namespace lmsmail::chaos

int main(int argc, char** argv) {
  const absl::StatusOr<bool> ok = lmsmail::chaos::Run(argc, argv);
  if (ok.ok()) return *ok ? 0 : 1;
  std::fprintf(stderr, "lmsmail-chaos: %s\n", ok.status().ToString().c_str());
  return 2;
}
