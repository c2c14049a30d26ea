#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/rpc/channel.h"
#include "libs/status/error_details.h"

namespace lmsmail::service {

// The keys of another service that this one calls:
//
//   PeerConfig preference{.target = "127.0.0.1:7102"};
//   preference.Declare(schema.Sub("preference"));
//   ... rpc::NewChannel(preference.Channel())
struct PeerConfig {
  std::string target;  // gRPC name syntax, see rpc::ChannelOptions
  absl::Duration timeout = absl::Seconds(5);

  struct Tls {
    bool enabled = false;
    std::string authorities;
    std::string certificate;
    std::string key;
  } tls = {};

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  // The same without the timeout, for a caller whose own callers set it.
  void DeclareChannel(config::Group keys);

  // Adds a violation when there is no target, and when calls leave this machine in plain text
  // unless that is allowed (`insecure`). `key` is the prefix of the keys, "preference".
  void Check(std::string_view key, bool insecure, Violations& violations) const;

  rpc::ChannelOptions Channel() const;
};

}  // namespace lmsmail::service
