/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Filters of others that look at a message at its end: rspamd over HTTP, and whatever talks the protocol of Sendmail's
 * filters. They are programs of the owner; what they send is bounded all the same, since a message may be made to break them.
 */
package org.rempart.smtp.filter;
