#pragma once

#include <string>
#include <vector>

namespace lmsmail::service {

// Sends a service what takes much more memory than bandwidth, all at once and from many
// connections: requests of empty values, large ones, compressed ones, and silent streams.
struct MemoryAttack {
  // A method, "/lmsmail.dispatch.v1.DispatchService/Send", and the numbers of the fields that lead
  // from its request to a google.protobuf.Struct.
  struct Method {
    std::string path;
    std::vector<int> context;
  };

  std::string host = "127.0.0.1";
  int port = 0;
  std::vector<Method> methods;
  std::string stream = {};  // a client-streaming method; empty for a service without one
};

// What became of the calls of an attack.
struct AttackResult {
  int calls = 0;
  int refused = 0;
  int compressed_accepted = 0;
  int large_accepted = 0;
};

AttackResult Run(const MemoryAttack& attack);

}  // namespace lmsmail::service
