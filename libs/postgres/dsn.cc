#include "libs/postgres/dsn.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_split.h"

#include "libs/loopback/loopback.h"

namespace lmsmail::postgres {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
using Parameters = std::map<std::string, std::string, std::less<>>;

Options Parse(std::string_view dsn) {
  return {PQconninfoParse(std::string(dsn).c_str(), nullptr), &PQconninfoFree};
}

void AddTo(Parameters& parameters, const Options& options) {
  if (options == nullptr) return;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
}

// What libpq connects with; empty for a malformed `dsn`.
Parameters EffectiveParameters(std::string_view dsn) {
  Parameters parameters;
  const Options parsed = Parse(dsn);
  if (parsed == nullptr) return parameters;
  AddTo(parameters, Options(PQconndefaults(), &PQconninfoFree));
  AddTo(parameters, parsed);
  return parameters;
}

std::string ValueOf(const Parameters& parameters, std::string_view keyword) {
  const auto found = parameters.find(keyword);
  return found == parameters.end() ? std::string() : found->second;
}

bool IsSocket(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@');
}

std::vector<std::string> List(const std::string& text) { return absl::StrSplit(text, ','); }

// The first host that is off this machine; empty when there is none.
std::string RemoteHost(const Parameters& parameters) {
  // A service of pg_service.conf may name any host.
  if (!ValueOf(parameters, "service").empty()) return "of service=";
  const std::vector<std::string> addresses = List(ValueOf(parameters, "hostaddr"));
  const std::vector<std::string> names = List(ValueOf(parameters, "host"));
  for (std::size_t i = 0; i < std::max(addresses.size(), names.size()); ++i) {
    const std::string address = i < addresses.size() ? addresses[i] : "";
    const std::string host = address.empty() && i < names.size() ? names[i] : address;
    if (!IsSocket(host) && !IsLoopbackHost(host)) return host;
  }
  return "";
}

}  // namespace

bool HoldsPassword(std::string_view dsn) {
  Parameters parameters;
  AddTo(parameters, Parse(dsn));
  return parameters.contains("password") || parameters.contains("sslpassword");
}

absl::StatusOr<std::string> RoleOf(std::string_view dsn) {
  const std::string role = ValueOf(EffectiveParameters(dsn), "user");
  if (role.empty()) return absl::InvalidArgumentError("the database DSN names no user");
  return role;
}

absl::Status CheckServerIsVerified(std::string_view dsn) {
  const Parameters parameters = EffectiveParameters(dsn);
  const std::string host = RemoteHost(parameters);
  const std::string mode = ValueOf(parameters, "sslmode");
  if (host.empty() || mode == "verify-full") return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the host {} is off this machine, and with sslmode={} another server could take "
                  "its place: add sslmode=verify-full and sslrootcert=FILE",
                  host, mode));
}

}  // namespace lmsmail::postgres
