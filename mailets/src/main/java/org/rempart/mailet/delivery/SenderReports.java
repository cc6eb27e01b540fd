/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.Map;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.DeliveryReport.Action;

/** Tells senders what became of their mail. */
@FunctionalInterface
public interface SenderReports {
    /**
     * Tells the sender.
     *
     * @param mail which has a sender
     * @param outcomes of the recipients that it is about
     * @throws MessagingException when it can't be told now
     */
    void tell(Mail mail, Action action, Map<MailAddress, Outcome> outcomes) throws MessagingException;
}
