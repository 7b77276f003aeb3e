"use client";

import {
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  Typography,
} from "@mui/material";
import { type ReactNode, useId } from "react";

import type { TelemetryOptInDialogProps } from "../react/dialog.js";
import { useTelemetryOptIn } from "../react/hooks.js";
import { useMessages } from "../react/provider.js";
import { Sent } from "./sent.js";

/** `TelemetryOptInDialog` of `@rhesis/telemetry/react`, made of Material UI and in its theme. */
export function TelemetryOptInDialog({ messages, className }: TelemetryOptInDialogProps): ReactNode {
  const words = useMessages(messages);
  const { open, choose, postpone, saving, failed } = useTelemetryOptIn();
  const id = useId();
  return (
    <Dialog
      open={open}
      className={className ?? ""}
      onClose={(_event, reason) => reason === "escapeKeyDown" && postpone()}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
    >
      <DialogTitle id={`${id}-title`}>{words.askTitle}</DialogTitle>
      <DialogContent>
        <div id={`${id}-text`}>
          <DialogContentText>{words.ask}</DialogContentText>
          <DialogContentText sx={{ my: 2 }}>{words.askLater}</DialogContentText>
        </div>
        <Sent words={words} enabled={false} />
        <Typography role="status" color="error">
          {failed ? words.saveFailed : ""}
        </Typography>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        {([false, true] as const).map((answer) => (
          <Button key={String(answer)} fullWidth variant="outlined" disabled={saving} onClick={() => choose(answer)}>
            {answer ? words.accept : words.decline}
          </Button>
        ))}
      </DialogActions>
    </Dialog>
  );
}
