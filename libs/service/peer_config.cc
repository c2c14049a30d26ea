#include "libs/service/peer_config.h"

#include <fmt/format.h>

#include "libs/rpc/target.h"
#include "libs/secret_file/secret_file.h"

namespace lmsmail::service {

void PeerConfig::Declare(config::Group keys) {
  DeclareChannel(keys);
  keys.Duration("timeout", &timeout, "Deadline of one call.",
                {absl::Milliseconds(100), absl::Minutes(10)});
}

void PeerConfig::DeclareChannel(config::Group keys) {
  keys.String("target", &target,
              "Its address: host:port, or dns:///host:port to balance over all its replicas.");
  config::Group tls_keys = keys.Sub("tls");
  tls_keys.Bool("enabled", &tls.enabled, "Whether calls use TLS.");
  tls_keys.String("authorities", &tls.authorities,
                  "PEM file of the authorities of its certificate; empty: the system's.");
  tls_keys.String("certificate", &tls.certificate,
                  "PEM file of this service's certificate, if the peer requires one.");
  tls_keys.String("key", &tls.key, "PEM file of that certificate's key.");
}

void PeerConfig::Check(std::string_view key, bool insecure, Violations& violations) const {
  if (target.empty()) {
    violations.Add(fmt::format("{}.target", key), "is required: host:port");
  } else if (!tls.enabled && !insecure && !rpc::IsOnThisMachine(target)) {
    violations.Add(fmt::format("{}.tls.enabled", key),
                   fmt::format("must be true, because {} may be another machine; or write "
                               "insecure: true",
                               target));
  }
  if (const absl::Status file = CheckSecretFile(tls.key); !file.ok()) {
    violations.Add(fmt::format("{}.tls.key", key), std::string(file.message()));
  }
}

rpc::ChannelOptions PeerConfig::Channel() const {
  rpc::ChannelOptions options{.target = target};
  if (tls.enabled) {
    options.tls = rpc::TlsFiles{
        .certificate = tls.certificate, .key = tls.key, .authorities = tls.authorities};
  }
  return options;
}

}  // namespace lmsmail::service
