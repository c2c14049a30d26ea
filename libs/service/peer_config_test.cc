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
  PeerConfig{.target = "127.0.0.1:7102"}.Check("preference", violations);
  EXPECT_TRUE(violations.empty());
  PeerConfig{}.Check("preference", violations);
  ASSERT_EQ(violations.list().size(), 1u);
  EXPECT_EQ(violations.list().front().field, "preference.target");
}

}  // namespace
}  // namespace lmsmail::service
