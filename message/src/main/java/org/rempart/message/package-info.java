/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */

/**
 * A message as its bytes: the one reading of it that hooks, matchers and mailets share.
 * {@link org.rempart.message.HeaderBlock} finds the fields of a header, {@link org.rempart.message.RawMessage} gives a mail
 * another header and leaves its body where it lies, and {@link org.rempart.message.MailAttributes} names what one part of
 * the server notes on a mail for another. {@link org.rempart.message.OurAddresses} says to all of them which addresses of
 * ours there are.
 */
package org.rempart.message;
