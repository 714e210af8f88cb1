// SPDX-License-Identifier: BSD-2-Clause-Patent
// Intrusive doubly linked list: no allocation, O(1) removal, a node knows whether it is linked.
#pragma once

#include "base/assert.h"

namespace kedge {

/// Base of list members; `Tag` is the member type, or a tag type when one object is in several
/// lists. Unlinks itself when destroyed.
template <class Tag>
class ListNode {
 public:
  ListNode() noexcept = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    if (!linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class, class>
  friend class List;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

/// A list of T, which derives from ListNode<Tag>. Does not own its members.
template <class T, class Tag = T>
class List {
  using Node = ListNode<Tag>;

 public:
  List() noexcept { head_.next_ = head_.previous_ = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (pop_front() != nullptr) {
    }
    head_.next_ = head_.previous_ = nullptr;
  }

  bool empty() const noexcept { return head_.next_ == &head_; }
  T* front() noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  void push_back(T& member) noexcept { insert_before(head_, member); }
  /// Inserts `member` before `position`, which must be in this list.
  void insert(T& position, T& member) noexcept {
    insert_before(static_cast<Node&>(position), member);
  }
  T* pop_front() noexcept {
    T* first = front();
    if (first != nullptr) static_cast<Node*>(first)->unlink();
    return first;
  }
  /// The member after `member`, or nullptr at the end.
  T* next(T& member) noexcept {
    Node* node = static_cast<Node&>(member).next_;
    return node == &head_ ? nullptr : static_cast<T*>(node);
  }

 private:
  void insert_before(Node& position, T& member) noexcept {
    Node& node = member;
    KEDGE_ASSERT(!node.linked());
    node.next_ = &position;
    node.previous_ = position.previous_;
    position.previous_->next_ = &node;
    position.previous_ = &node;
  }

  Node head_;
};

}  // namespace kedge
