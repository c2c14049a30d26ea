#include "libs/identity/callers.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "libs/config/schema.h"
#include "libs/hash/sha256.h"
#include "libs/identity/role_names.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/encoding.h"
#include "libs/strings/view.h"

namespace lmsmail::identity {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kMaxName = 63;  // a part of the keys of mail

// A URI as it is, and a DNS name in lower case.
std::string CertificateKey(std::string_view name) {
  if (name.find("://") != std::string_view::npos) return std::string(name);
  return absl::AsciiStrToLower(ToAbsl(name));
}

// Whoever can write the file can give himself every role.
absl::Status CheckNobodyElseWrites(const std::string& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0 || (file.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("others than its owner may write {} (mode {:04o}): run chmod go-w {}", path,
                  file.st_mode & 07777, path));
}

absl::Status Unauthenticated(std::string_view why, std::string reason) {
  return WithReason(absl::UnauthenticatedError(ToAbsl(why)), {std::move(reason), {}});
}

}  // namespace

// The keys of one caller.
struct Callers::Keys {
  std::vector<std::string> roles;
  std::vector<std::string> token_sha256;
  std::vector<std::string> certificate;
  std::string expire_time;
  double calls_per_second = 0;
  std::int32_t streams = 0;
  std::int64_t request_size = 0;

  void Declare(config::Group keys) {
    keys.StringList("roles", &roles, "What the caller may do.");
    keys.StringList("token_sha256", &token_sha256, "SHA-256 of its bearer tokens, hexadecimal.");
    keys.StringList("certificate", &certificate, "URI or DNS names of its client certificates.");
    keys.String("expire_time", &expire_time, "When its credentials end, in RFC 3339.");
    config::Group limits = keys.Sub("limits");
    limits.Double("calls_per_second", &calls_per_second, "Calls a second; 0: no limit.", {0, 1e6});
    limits.Int32("streams", &streams, "Client streams open at a time; 0: the server's limit.",
                 {0, 100'000});
    limits.Bytes("request_size", &request_size,
                 "Size of its requests that are handled at a time; 0: the server's limit.");
  }
};

absl::StatusOr<Callers> Callers::Read(const std::string& path) {
  LMSMAIL_RETURN_IF_ERROR(CheckNobodyElseWrites(path));
  std::map<std::string, Keys> keys;
  config::Schema schema("callers", "");
  schema.Section("callers", [&](const std::string& name, config::Group group) {
    keys[name].Declare(std::move(group));
  });
  Callers callers;
  schema.Check([&](Violations& violations) {
    for (const auto& [name, caller] : keys) callers.Add(name, caller, violations);
  });
  const char* const arguments[] = {"callers", "--config", path.c_str()};
  const char* const environment[] = {nullptr};
  LMSMAIL_RETURN_IF_ERROR(schema.Load(std::size(arguments), arguments, environment).status());
  if (callers.size_ == 0) {
    return absl::InvalidArgumentError(
        fmt::format("{} names no caller; write callers: {{NAME: {{roles: [...], ...}}}}", path));
  }
  return callers;
}

void Callers::Add(const std::string& name, const Keys& keys, Violations& violations) {
  const auto add = [&](std::string_view key, std::string description) {
    violations.Add(fmt::format("callers.{}.{}", name, key), std::move(description));
  };
  Entry entry{{.name = name,
               .limits = {.calls_per_second = keys.calls_per_second,
                          .streams = keys.streams,
                          .request_bytes = static_cast<std::size_t>(keys.request_size)}}};
  if (const auto roles = RolesFromNames(keys.roles); roles.ok()) {
    entry.caller.roles = *roles;
  } else {
    add("roles", std::string(roles.status().message()));
  }
  if (keys.roles.empty()) add("roles", "is required");
  if (name.size() > kMaxName) {
    add("roles", fmt::format("belong to a name of more than {} characters", kMaxName));
  }
  if (name == kAnonymous) add("roles", "belong to a name that stands for unknown callers");
  std::string error;
  if (!keys.expire_time.empty() &&
      !absl::ParseTime(absl::RFC3339_full, keys.expire_time, &entry.expire_time, &error)) {
    add("expire_time", "must be a time such as 2027-06-01T00:00:00Z");
  }
  if (keys.token_sha256.empty() && keys.certificate.empty()) {
    add("token_sha256", "give this or certificate, by which the caller is known");
  }
  for (const std::string& hex : keys.token_sha256) {
    std::optional<std::string> hash = HexDecode(hex);
    if (!hash || hash->size() != kSha256Bytes) {
      add("token_sha256", "must be 64 hexadecimal digits: printf %s \"$TOKEN\" | sha256sum");
    } else if (!by_token_hash_.emplace(*std::move(hash), entry).second) {
      add("token_sha256", "another caller has the same token");
    }
  }
  for (const std::string& certificate : keys.certificate) {
    if (certificate.empty()) {
      add("certificate", "must not have an empty name");
    } else if (!by_certificate_.emplace(CertificateKey(certificate), entry).second) {
      add("certificate", fmt::format("another caller has the same name {}", certificate));
    }
  }
  ++size_;
}

absl::StatusOr<Caller> Callers::Find(const Credentials& credentials, absl::Time now) const {
  const Entry* entry = nullptr;
  if (!credentials.token.empty()) {
    // An ordered lookup tells by its time about the hash, which tells nothing about the token.
    const auto found = by_token_hash_.find(hash::Sha256(credentials.token));
    if (found != by_token_hash_.end()) entry = &found->second;
  } else {
    for (const std::string_view name : credentials.certificate_names) {
      const auto found = by_certificate_.find(CertificateKey(name));
      if (found == by_certificate_.end()) continue;
      if (entry != nullptr && entry->caller.name != found->second.caller.name) {
        return Unauthenticated("the client certificate names several callers",
                               "AMBIGUOUS_CERTIFICATE");
      }
      entry = &found->second;
    }
  }
  if (entry == nullptr) {
    if (!credentials.token.empty()) {
      return Unauthenticated("the bearer token is not known here", "UNKNOWN_TOKEN");
    }
    if (!credentials.certificate_names.empty()) {
      return Unauthenticated("the client certificate names no caller that is known here",
                             "UNKNOWN_CERTIFICATE");
    }
    return Unauthenticated(
        "the call has no credentials: send the metadata \"authorization: Bearer TOKEN\" or "
        "present a client certificate",
        "NO_CREDENTIALS");
  }
  if (entry->expire_time <= now) {
    return Unauthenticated(
        fmt::format("the credentials of {} expired at {}", entry->caller.name,
                    absl::FormatTime(absl::RFC3339_sec, entry->expire_time, absl::UTCTimeZone())),
        "CREDENTIALS_EXPIRED");
  }
  return entry->caller;
}

}  // namespace lmsmail::identity
