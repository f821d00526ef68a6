#include "tests/dpdk/ring_port.h"

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>

#include <cstring>
#include <stdexcept>

#include "tests/dpdk/unseen.h"

namespace pollux::test {

namespace {

constexpr unsigned kOneEach = RING_F_SP_ENQ | RING_F_SC_DEQ;

template <typename T>
T* made(T* object, const std::string& what) {
  if (object == nullptr) throw std::runtime_error(what + ": " + rte_strerror(rte_errno));
  return object;
}

void drain(rte_ring* ring) {
  for (void* buffer = nullptr; rte_ring_dequeue(ring, &buffer) == 0;) {
    rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
  }
}

}  // namespace

RingPort::RingPort(const std::string& name, unsigned queues, unsigned transmit_slots)
    : device_{"net_ring_" + name} {
  std::vector<rte_ring*> to_workers;
  std::vector<rte_ring*> from_workers;
  for (unsigned i = 0; i < queues; ++i) {
    const std::string label = name + std::to_string(i);
    Queue& queue = queues_.emplace_back();
    queue.pool = made(rte_pktmbuf_pool_create(("pool_" + label).c_str(), kBuffers, 0, 0,
                                              RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY),
                      "no buffers");
    queue.to_worker = made(
        rte_ring_create(("to_" + label).c_str(), kBuffers + 1, SOCKET_ID_ANY, kOneEach), "no ring");
    queue.from_worker =
        made(rte_ring_create(("from_" + label).c_str(), transmit_slots, SOCKET_ID_ANY, kOneEach),
             "no ring");
    to_workers.push_back(queue.to_worker);
    from_workers.push_back(queue.from_worker);
  }
  if (rte_eth_from_rings(name.c_str(), to_workers.data(), queues, from_workers.data(), queues, 0) <
      0) {
    throw std::runtime_error("no port of rings: " + name);
  }
}

RingPort::~RingPort() {
  rte_eal_hotplug_remove("vdev", device_.c_str());
  for (const Queue& queue : queues_) {
    drain(queue.to_worker);
    drain(queue.from_worker);
    rte_ring_free(queue.to_worker);
    rte_ring_free(queue.from_worker);
    rte_mempool_free(queue.pool);
  }
}

rte_mbuf* RingPort::make_buffer(rte_mempool* pool, const std::uint8_t* octets, std::size_t count) {
  rte_mbuf* buffer = rte_pktmbuf_alloc(pool);
  if (buffer == nullptr) return nullptr;
  char* room = rte_pktmbuf_append(buffer, static_cast<std::uint16_t>(count));
  if (room == nullptr) throw std::runtime_error("a frame larger than a buffer");
  std::memcpy(room, octets, count);
  return buffer;
}

bool RingPort::send(const Octets& frame, unsigned queue) {
  const UnseenAccesses unseen;
  rte_mbuf* buffer = make_buffer(queues_.at(queue).pool, frame.data(), frame.size());
  if (buffer == nullptr) return false;
  EXPECT_EQ(rte_ring_enqueue(queues_[queue].to_worker, buffer), 0);
  return true;
}

bool RingPort::send_together(const std::vector<Octets>& frames) {
  const UnseenAccesses unseen;
  std::vector<void*> buffers;
  for (const Octets& frame : frames) {
    buffers.push_back(make_buffer(queues_.front().pool, frame.data(), frame.size()));
    if (buffers.back() == nullptr) return false;
  }
  const auto count = static_cast<unsigned>(buffers.size());
  return rte_ring_enqueue_bulk(queues_.front().to_worker, buffers.data(), count, nullptr) == count;
}

bool RingPort::send_stamped(const Octets& frame, std::uint64_t stamp) {
  const UnseenAccesses unseen;
  int offset = 0;
  std::uint64_t flag = 0;
  if (rte_mbuf_dyn_rx_timestamp_register(&offset, &flag) != 0)
    throw std::runtime_error("no room for stamps");
  rte_mbuf* buffer = make_buffer(queues_.front().pool, frame.data(), frame.size());
  if (buffer == nullptr) return false;
  *RTE_MBUF_DYNFIELD(buffer, static_cast<std::size_t>(offset), rte_mbuf_timestamp_t*) = stamp;
  buffer->ol_flags |= flag;
  EXPECT_EQ(rte_ring_enqueue(queues_.front().to_worker, buffer), 0);
  return true;
}

bool RingPort::send_in_pieces(const Octets& frame, std::size_t first, unsigned queue) {
  const UnseenAccesses unseen;
  rte_mempool* pool = queues_.at(queue).pool;
  rte_mbuf* head = make_buffer(pool, frame.data(), first);
  if (head == nullptr) return false;
  rte_mbuf* tail = make_buffer(pool, frame.data() + first, frame.size() - first);
  if (tail == nullptr) {
    rte_pktmbuf_free(head);
    return false;
  }
  EXPECT_EQ(rte_pktmbuf_chain(head, tail), 0);
  EXPECT_EQ(rte_ring_enqueue(queues_[queue].to_worker, head), 0);
  return true;
}

std::optional<Octets> RingPort::receive(unsigned queue) {
  const UnseenAccesses unseen;
  void* object = nullptr;
  if (rte_ring_dequeue(queues_.at(queue).from_worker, &object) != 0) return std::nullopt;
  auto* buffer = static_cast<rte_mbuf*>(object);
  const char* fault = nullptr;
  EXPECT_EQ(rte_mbuf_check(buffer, 1, &fault), 0) << fault;
  EXPECT_EQ(buffer->nb_segs, 1);
  const auto* octets = rte_pktmbuf_mtod(buffer, const std::uint8_t*);
  Octets frame(octets, octets + buffer->data_len);
  rte_pktmbuf_free(buffer);
  return frame;
}

unsigned RingPort::buffers_in_use() const {
  unsigned sum = 0;
  for (const Queue& queue : queues_) sum += rte_mempool_in_use_count(queue.pool);
  return sum;
}

}  // namespace pollux::test
