#include "tests/integration/suite/fake_provider.h"

#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <future>
#include <memory>
#include <utility>

#include "libs/http_client/client.h"
#include "libs/status/status_macros.h"

namespace lmsmail::integration {
namespace {

using nlohmann::json;

absl::StatusOr<json> Call(http_client::Request request) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto client, http_client::Client::Create({}));
  std::promise<http_client::Result> promise;
  client->Send(std::move(request),
               [&](http_client::Result result) { promise.set_value(std::move(result)); });
  const http_client::Result result = promise.get_future().get();
  if (result.kind != http_client::Result::Kind::kAnswered || result.response.status != 200) {
    return absl::InternalError(
        fmt::format("control of the fake: {} {}", result.error, result.response.body));
  }
  return json::parse(result.response.body, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

absl::StatusOr<FakeProvider> FakeProvider::Start(std::string_view kind,
                                                 const std::filesystem::path& folder) {
  LMSMAIL_ASSIGN_OR_RETURN(
      Process process, Process::Start({fmt::format("{}/lmsmail-fake-{}", LMSMAIL_BINARIES, kind),
                                       fmt::format("--ledger={}", (folder / "ledger").string()),
                                       "--keys=key-of-tests"},
                                      folder / "provider.log"));
  FakeProvider provider(std::move(process), std::string(kind), folder);
  LMSMAIL_ASSIGN_OR_RETURN(const std::string line, provider.process_.WaitForLine("control_port"));
  LMSMAIL_ASSIGN_OR_RETURN(provider.port_, NumberIn(line, "port"));
  LMSMAIL_ASSIGN_OR_RETURN(provider.control_port_, NumberIn(line, "control_port"));
  const std::filesystem::path key = folder / "api_key";
  std::ofstream(key) << "key-of-tests\n";
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  return provider;
}

FakeProvider::FakeProvider(Process process, std::string kind, std::filesystem::path folder)
    : process_(std::move(process)), kind_(std::move(kind)), folder_(std::move(folder)) {}

std::vector<std::string> FakeProvider::DispatchFlags() const {
  std::vector<std::string> flags = {
      "--default_transport=provider",
      fmt::format("--transports.provider.kind={}", kind_),
      fmt::format("--transports.provider.base_url=http://127.0.0.1:{}", port_),
      fmt::format("--transports.provider.api_key_file={}", (folder_ / "api_key").string()),
      "--transports.provider.from=school@mg.school.test",
      "--transports.provider.circuit_breaker.min_open_time=1s"};
  if (kind_ == "mailgun") flags.emplace_back("--transports.provider.domain=mg.school.test");
  return flags;
}

absl::Status FakeProvider::Fail(const json& plan) const {
  return Call({.url = fmt::format("http://127.0.0.1:{}/control", control_port_),
               .headers = {{"Content-Type", "application/json"}},
               .body = plan.dump()})
      .status();
}

absl::StatusOr<json> FakeProvider::Statistics() const {
  return Call({.method = "GET", .url = fmt::format("http://127.0.0.1:{}/control", control_port_)});
}

std::vector<json> FakeProvider::Ledger() const {
  std::vector<json> mails;
  std::ifstream file(folder_ / "ledger");
  for (std::string line; std::getline(file, line);) mails.push_back(json::parse(line));
  return mails;
}

void FakeProvider::Kill() const { process_.Signal(SIGKILL); }

}  // namespace lmsmail::integration
