#include "libs/service/peer_config.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

TEST(PeerConfigTest, UsesTlsOnlyWhenEnabled) {
  for (const bool enabled : {false, true}) {
    PeerConfig peer{.target = "127.0.0.1:7102"};
    config::Schema schema("demo", "1");
    peer.Declare(schema.Sub("preference"));
    const char* const flags[] = {
        "demo", "--preference.target=dns:///preference:7102", "--preference.tls.authorities=/ca",
        enabled ? "--preference.tls.enabled=true" : "--preference.tls.enabled=false"};
    const char* const environment[] = {nullptr};
    ASSERT_OK(schema.Load(4, flags, environment));
    EXPECT_EQ(peer.Channel().target, "dns:///preference:7102");
    ASSERT_EQ(peer.Channel().tls.has_value(), enabled);
    EXPECT_EQ(peer.Channel().tls.value_or(rpc::TlsFiles()).authorities, enabled ? "/ca" : "");
  }
}

TEST(PeerConfigTest, RequiresATarget) {
  Violations violations;
  PeerConfig{.target = "127.0.0.1:7102"}.Check("preference", /*insecure=*/false, violations);
  EXPECT_TRUE(violations.empty());
  PeerConfig{}.Check("preference", /*insecure=*/false, violations);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list().front().field, "preference.target");
}

TEST(PeerConfigTest, RequiresTlsToOtherMachines) {
  const auto violations = [](PeerConfig peer, bool insecure) {
    Violations found;
    peer.Check("preference", insecure, found);
    return found.list();
  };
  const PeerConfig remote{.target = "dns:///preference:7102"};
  ASSERT_EQ(violations(remote, false).size(), 1u);
  EXPECT_EQ(violations(remote, false).front().field, "preference.tls.enabled");
  EXPECT_TRUE(violations(remote, true).empty());
  PeerConfig with_tls = remote;
  with_tls.tls.enabled = true;
  EXPECT_TRUE(violations(with_tls, false).empty());
}

}  // namespace
}  // namespace lmsmail::service
