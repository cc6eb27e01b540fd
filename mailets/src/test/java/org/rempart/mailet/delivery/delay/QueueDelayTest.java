/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import org.apache.james.queue.api.MailQueue;
import org.junit.jupiter.api.Test;

class QueueDelayTest {
    @Test
    void aQueueOfOthersIsUnknown() {
        MailQueue queue = (MailQueue) Proxy.newProxyInstance(
                MailQueue.class.getClassLoader(), new Class<?>[] {MailQueue.class}, (proxy, method, arguments) -> null);

        assertThat(QueueDelay.of(queue)).isEqualTo(QueueDelay.UNKNOWN);
    }

    @Test
    void whatIsKnownGoesByTheNameOfTheClass() {
        assertThat(QueueDelay.ofClass("org.apache.james.queue.rabbitmq.RabbitMQMailQueue"))
                .isEqualTo(QueueDelay.IGNORED);
        assertThat(QueueDelay.ofClass("org.apache.james.queue.activemq.ActiveMQCacheableMailQueue"))
                .isEqualTo(QueueDelay.KEPT);
        assertThat(QueueDelay.ofClass("org.apache.james.queue.memory.MemoryMailQueueFactory$MemoryCacheableMailQueue"))
                .isEqualTo(QueueDelay.KEPT);
        assertThat(QueueDelay.ofClass("org.rempart.distribution.queue.StoredMailQueue"))
                .isEqualTo(QueueDelay.KEPT);
    }
}
