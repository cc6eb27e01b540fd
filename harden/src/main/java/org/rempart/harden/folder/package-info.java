/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** The configuration folder on the disk: what is written goes in as a whole, and can be taken back. */
package org.rempart.harden.folder;
