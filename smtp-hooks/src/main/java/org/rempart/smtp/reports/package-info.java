/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** What other domains are told of mail in their name, once a day (RFC 7489, section 7.2). */
package org.rempart.smtp.reports;
