#include "tests/chaos/two_addresses.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/own_mounts.h"

namespace lmsmail::chaos {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr char kHosts[] = "/etc/hosts";

bool LocalhostHasBoth() {
  asio::io_context io;
  boost::system::error_code failed;
  std::vector<asio::ip::address> addresses;
  // As the SMTP client does.
  for (const auto& entry :
       tcp::resolver(io).resolve("localhost", "25", tcp::resolver::numeric_service, failed)) {
    addresses.push_back(entry.endpoint().address());
  }
  return addresses == std::vector<asio::ip::address>{asio::ip::address_v6::loopback(),
                                                     asio::ip::address_v4::loopback()};
}

// The file stays mounted after it was removed from its folder.
absl::Status MountHosts() {
  std::string path = "/tmp/lmsmail-hosts-XXXXXX";
  const int file = ::mkstemp(path.data());
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  ::fchmod(file, 0644);
  ::close(file);
  std::ofstream(path) << "::1 localhost\n127.0.0.1 localhost\n";
  const bool mounted =
      HaveOwnMounts() && ::mount(path.c_str(), kHosts, nullptr, MS_BIND, nullptr) == 0;
  const absl::Status status =
      mounted ? absl::OkStatus() : absl::ErrnoToStatus(errno, "mounting a hosts file");
  ::unlink(path.c_str());
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TwoAddresses>> TwoAddresses::Ensure() {
  asio::io_context io;
  boost::system::error_code absent;
  tcp::socket socket(io, tcp::v6());
  if (socket.bind({asio::ip::address_v6::loopback(), 0}, absent)) {
    return absl::UnavailableError("this host has no ::1");
  }
  if (LocalhostHasBoth()) return std::unique_ptr<TwoAddresses>(new TwoAddresses(false));
  LMSMAIL_RETURN_IF_ERROR(MountHosts());
  std::unique_ptr<TwoAddresses> addresses(new TwoAddresses(true));
  if (LocalhostHasBoth()) return addresses;
  return absl::UnavailableError("localhost is not ::1 and then 127.0.0.1");
}

TwoAddresses::~TwoAddresses() {
  if (mounted_) ::umount2(kHosts, MNT_DETACH);
}

}  // namespace lmsmail::chaos
